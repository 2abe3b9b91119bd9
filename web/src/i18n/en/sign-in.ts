/** Logging in, unlocking, registering, and what letters lead to. */
export const signIn = {
  logIn: {
    title: 'Log in',
    action: 'Log in',
    remember: 'Remember the email address',
    register: 'Create an account',
    hint: 'Password hint',
    withDevice: 'Log in with another device',
    revoked: 'You have been logged out: the session was ended on another device, or by the server.',
    registered: 'Your account is there. Log in with your master password.',
  },

  unlock: {
    title: 'Your vault is locked',
    action: 'Unlock',
    other: 'Log out',
  },

  twoFactor: {
    title: 'Two-step login',
    method: 'Method',
    remember: 'Do not ask again in this browser',
    code: 'Verification code',
    methods: {
      authenticator: 'Authenticator app',
      email: 'Email',
      yubikey: 'YubiKey',
      webAuthn: 'Passkey or security key',
      recovery: 'Recovery code',
    },
    authenticator: 'Enter the 6-digit code of your authenticator app.',
    email: (address: string) => `Enter the code that was sent to ${address}.`,
    emailSending: 'A code is being sent…',
    emailAgain: 'Send another code',
    emailSent: 'Another code is on its way.',
    yubikey: 'Plug the YubiKey in, and touch its button.',
    yubikeyCode: 'Code of the YubiKey',
    webAuthn: 'Use a security key, or a passkey that is set up for two-step login.',
    webAuthnAction: 'Use the key',
    webAuthnWaiting: 'Waiting for the key…',
    webAuthnFailed: 'The key was not read. Try again.',
    webAuthnMissing: 'This browser cannot read security keys on this page. Use another method.',
    recovery: 'Enter your recovery code. It removes all two-step login methods from the account.',
    recoveryCode: 'Recovery code',
    unknown: 'None of the methods of this account can be used here. With the recovery code they are removed.',
  },

  newDevice: {
    title: 'Is it you?',
    text: 'This browser is new to your account. Enter the code that was sent to your email address.',
  },

  device: {
    title: 'Log in with another device',
    text: 'A request was sent to your other devices. Open Belfry or a Bitwarden app there, and approve it if it shows the same phrase.',
    phrase: 'Fingerprint phrase',
    waiting: 'Waiting for an answer…',
    ended: 'Nobody has approved the request.',
    again: 'Ask again',
    password: 'Log in with the master password',
    unknown:
      'The other devices cannot be asked: this browser has not been logged in to that account before. Log in with the master password once.',
    wrongKey: 'The other device has answered with another account’s key. Nothing was opened.',
  },

  register: {
    title: 'Create an account',
    hasAccount: 'You have an account?',
    nameHint: 'What you are called in letters and in the app.',
    sent: {
      title: 'Look into your mail',
      text: (email: string) =>
        `If ${email} can have an account here, a letter is on its way. Its link leads on, and is good for half an hour.`,
    },
    closed: 'This server takes no new accounts',
    closedText: 'Ask whoever runs it for an invitation.',
    passwordTitle: 'Choose a master password',
    newPassword: 'Master password',
    repeat: 'Master password, once more',
    warning: 'Nobody can restore it for you: without it, what is in the vault is lost.',
    hintLabel: 'Hint',
    hintHint: 'It is mailed to you when you ask for it. Do not give the password away.',
    action: 'Create account',
    expired: 'The link is incomplete. Begin once more.',
    again: 'Begin once more',
  },

  password: {
    tooShort: (least: number) => `At least ${least} characters.`,
    mismatch: 'The two are not the same.',
    hintIsPassword: 'The hint is the password.',
    strength: 'Strength',
    levels: { weak: 'Weak', fair: 'Fair', good: 'Good', strong: 'Strong' },
    weakText: 'This is guessed easily. Several words that have nothing to do with each other are better.',
  },

  hint: {
    title: 'Password hint',
    text: 'Your hint is mailed to the address of your account.',
    action: 'Send the hint',
    sent: (email: string) => `If there is an account of ${email}, its hint is on its way.`,
    shown: 'Your hint',
    none: 'There is no hint for this account.',
    off: 'This server gives no hints.',
    lost: 'The password is lost for good?',
    toDelete: 'Delete the account',
  },

  recoverTwoFactor: {
    title: 'Recover two-step login',
    text: 'Log in with your recovery code when you cannot use your two-step login. All its methods are removed from the account.',
    action: 'Log in and remove two-step login',
    done: 'Two-step login is off now. Set it up anew in the settings.',
    wasOff: 'You are logged in. Two-step login was off already.',
  },

  verifyEmail: {
    title: 'Email address',
    waiting: 'Your address is being confirmed…',
    done: 'Your email address is confirmed.',
    failed: 'The link is not good any more, or is incomplete.',
    toLogin: 'Go on',
  },

  recoverDelete: {
    title: 'Delete an account',
    text: 'Without the master password nobody can open a vault. What you can do is delete the account with everything in it. A link to do so is sent to its email address.',
    action: 'Send the link',
    sent: (email: string) => `If there is an account of ${email}, a letter is on its way.`,
    off: 'This server sends no mail. Ask whoever runs it to delete the account.',
  },

  confirmDelete: {
    title: 'Delete the account?',
    text: (email: string) =>
      `The account ${email} will be deleted, with everything in its vault. Nothing brings it back.`,
    textNoEmail: 'The account will be deleted, with everything in its vault. Nothing brings it back.',
    action: 'Delete the account',
    keep: 'Keep it',
    done: 'The account is deleted.',
    failed: 'The link is not good any more, or is incomplete.',
    again: 'Ask for another link',
    toLogin: 'Go on',
  },

  insecure: {
    title: 'This page is not secure',
    text: 'Browsers encrypt only on pages that come over HTTPS, or from the same machine. Open the vault at its https:// address; whoever runs the server knows it.',
  },

  error: {
    credentials: 'The email address or the master password is wrong.',
    code: 'The code is wrong, or not good any more.',
    disabled: 'This account has been disabled.',
    unverified: 'Confirm your email address first: follow the link in the letter that was sent to you.',
    notAllowed: 'This address cannot be registered here, or has an account already.',
    unsafe: 'The server asks for a key derivation that is not safe. The password was not sent.',
    emailInvalid: 'This is no email address.',
  },
}
