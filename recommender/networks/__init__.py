"""What learners run in torch; the only place of the recommender that imports it, loaded when a network is built."""
