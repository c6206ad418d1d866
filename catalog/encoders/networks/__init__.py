"""What the transformer encoder is made of; the only place of the catalogue that imports torch and transformers."""
