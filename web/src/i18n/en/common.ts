/** Words that stand on more than one page. */
export const common = {
  /** Of things to do. */
  back: 'Back',
  cancel: 'Cancel',
  close: 'Close',
  continue: 'Continue',
  copy: 'Copy',
  delete: 'Delete',
  dismiss: 'Dismiss',
  done: 'Done',
  edit: 'Edit',
  hide: 'Hide',
  remove: 'Remove',
  rename: 'Rename',
  retry: 'Try again',
  save: 'Save',
  show: 'Show',
  undo: 'Undo',

  copied: 'Copied',
  copyFailed: 'The browser did not allow copying',
  loading: 'Loading…',
  optional: 'optional',
  saved: 'Saved',
  yes: 'Yes',
  no: 'No',

  email: 'Email address',
  masterPassword: 'Master password',
  name: 'Name',
  required: 'Fill this in.',

  navigation: {
    label: 'Main',
    skip: 'Skip to content',
    vault: 'Vault',
    sends: 'Sends',
    generator: 'Generator',
    tools: 'Tools',
    settings: 'Settings',
  },

  account: {
    label: 'Account',
    lock: 'Lock now',
    logOut: 'Log out',
    askLogOut: {
      title: 'Log out?',
      text: 'This browser forgets the account. To come back, you need the internet, the email address and the master password.',
    },
  },

  connection: {
    connected: 'Live',
    connecting: 'Connecting…',
    offline: 'Offline',
    /** The whole of it, where there is room. */
    connectedHint: 'Changes from other devices appear at once.',
    connectingHint: 'Connecting to the server for changes from other devices.',
    offlineHint: 'Offline: changes from other devices appear when the connection is back.',
  },

  language: {
    label: 'Language',
    /** Each in its own language. */
    names: { en: 'English', 'zh-CN': '中文（简体）' },
    failed: 'The language could not be loaded.',
  },

  theme: { label: 'Theme', system: 'System', light: 'Light', dark: 'Dark' },

  page: {
    notFound: 'There is no such page',
    notFoundText: 'The link may be incomplete, or what it led to is gone.',
    toVault: 'Go to the vault',
    failed: 'This page could not be loaded',
    failedText: 'Check the connection and try again. After an update of the server, reload the page.',
    reload: 'Reload',
  },

  error: {
    unreachable: 'The server cannot be reached. Check the connection and try again.',
    unauthorized: 'The session has ended. Log in again.',
    tooManyRequests: (seconds: number) =>
      seconds === 1
        ? 'Too many attempts. Try again in a second.'
        : `Too many attempts. Try again in ${seconds} seconds.`,
    wrongPassword: 'The master password is wrong.',
    conflict: 'Another device has changed this in the meantime. Nothing was overwritten.',
    gone: 'This is not in the vault any more.',
    locked: 'The vault is locked.',
    damaged: 'Parts of this cannot be decrypted. It was left as it is, so that nothing is lost.',
    unexpected: 'Something went wrong. Try again.',
  },
}
