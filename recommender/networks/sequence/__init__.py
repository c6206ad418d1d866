"""A network that reads the latest items of a history and says which is next."""
