/** What a column's section holds: the low bits of its first byte. The other bits are the kind's own. */
export const KIND = { decimal: 0, int: 1, text: 2, flag: 3, levels: 4 } as const;
export const KIND_MASK = 7;
