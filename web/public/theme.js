// Before the page is first painted: light or dark, if that was chosen, so that it does not flash. Whatever the choice is kept
// in is written by src/session/preferences.ts; without a choice the style sheet follows the system.
try {
  const scope = new URL('.', document.baseURI).pathname
  const { theme } = JSON.parse(localStorage.getItem(`belfry:${scope}:preferences`)) ?? {}
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Nothing is kept, or it may not be read.
}
