"""The commands, by what they are about. Each parses, asks the lab, and shows what it says."""
