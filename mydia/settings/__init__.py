"""Settings: environment over what a person set at run time, over config.yml, over defaults; each value's source is kept."""
