"""Device models: numbers in, numbers out, seeded and vectorised; they import nothing of ours."""
