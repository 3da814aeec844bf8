"""What the commands show, as rich tables and sentences: a module for each kind of thing."""
