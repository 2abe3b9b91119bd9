export const generator = {}
