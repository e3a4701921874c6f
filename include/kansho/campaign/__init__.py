"""The year as data: typed configuration, parties and their rights, calendar, roles."""
