"""The colours of the room. Meaning is never carried by colour alone: a glyph and a word stand with it."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="warroom-dark",
    primary="#7aa2c8",
    secondary="#8f9bb0",
    accent="#d6a55b",
    foreground="#cdd3dc",
    background="#0e1116",
    surface="#0e1116",
    panel="#1a1f28",
    success="#7fb98a",
    warning="#d6a55b",
    error="#e06c6c",
    dark=True,
    variables={"footer-key-foreground": "#7aa2c8", "input-selection-background": "#31435a"},
)
LIGHT = Theme(
    name="warroom-light",
    primary="#1f5f99",
    secondary="#5d6675",
    accent="#8a5a00",
    foreground="#1c2128",
    background="#fbfbf9",
    surface="#fbfbf9",
    panel="#ebebe6",
    success="#1f7a3a",
    warning="#8a5a00",
    error="#b3261e",
    dark=False,
)
HIGH_CONTRAST = Theme(
    name="warroom-high-contrast",
    primary="#6cc8ff",
    secondary="#ffffff",
    accent="#ffd400",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#202020",
    success="#3dff6e",
    warning="#ffd400",
    error="#ff5c5c",
    dark=True,
)
COLOUR_BLIND = Theme(
    name="warroom-colour-blind",
    primary="#8ab8e6",
    secondary="#a7adb8",
    accent="#f0b429",
    foreground="#d5dae2",
    background="#0e1116",
    surface="#0e1116",
    panel="#1a1f28",
    success="#56b4e9",  # Okabe and Ito's sky blue against their vermillion
    warning="#f0e442",
    error="#e6792b",
    dark=True,
)

THEMES = {"dark": DARK, "light": LIGHT, "high-contrast": HIGH_CONTRAST, "colour-blind": COLOUR_BLIND}
BY_NAME = {theme.name: theme for theme in THEMES.values()}
