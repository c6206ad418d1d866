"""Contract tests that plug-in authors inherit: one class a family."""
