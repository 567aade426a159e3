"""API keys and usage plans: who may call how often, and how often they have."""
