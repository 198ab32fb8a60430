/** Symbols of a record's status, for those who do not see its colour. */
export const STATUS_ICONS = { new: "○", needs_review: "◐", ready: "◉", approved: "✓", rejected: "✗" };
