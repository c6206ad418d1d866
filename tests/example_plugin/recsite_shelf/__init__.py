"""An example plug-in: an encoder, an importer, a learner and a widget, a file each."""
