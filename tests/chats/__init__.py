"""Stories: what people experience, told through the real application and a local Telegram."""
