"""Everything that is not a user interface: it knows neither Telegram, nor the web, nor the terminal."""
