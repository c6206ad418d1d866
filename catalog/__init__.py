"""The catalogue: items, embedding spaces, encoders, importers."""
