"""The history: run files of the data folder, looked at, compared and gone on with."""
