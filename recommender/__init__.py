"""The recommender: learners, readers, ranking, placements, recommendations."""
