"""What learners train on."""
