/** Account, security, devices; and the question for the master password, wherever it is asked. */
export const settings = {
  title: 'Settings',
  pages: {
    account: 'Account',
    security: 'Master password and keys',
    'two-step': 'Two-step login',
    devices: 'Devices',
    preferences: 'Preferences',
    domains: 'Equivalent domains',
  },

  confirm: {
    title: 'Confirm with your master password',
    wrong: 'The master password is wrong.',
  },
}
