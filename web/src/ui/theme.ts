/** Light, dark, or as the system has it: see tokens.css. Before the first paint it is `public/theme.js` that does this. */
export function applyTheme(theme: 'system' | 'light' | 'dark', root: HTMLElement): void {
  if (theme === 'system') delete root.dataset.theme
  else root.dataset.theme = theme
}
