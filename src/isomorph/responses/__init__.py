"""Responses: from a dataset's files to what each unit did when each stimulus was shown."""
