"""Say what happened: for people in a terminal."""
