"""A small site around the demo catalogue: what a site owner's pages look like with widgets on them."""
