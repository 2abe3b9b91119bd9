import type { signIn as english } from '../en/sign-in.ts'

export const signIn: typeof english = {
  logIn: {
    title: '登录',
    action: '登录',
    remember: '记住电子邮箱地址',
    register: '创建账户',
    hint: '密码提示',
    withDevice: '使用其他设备登录',
    revoked: '您已注销：会话已被其他设备或服务器终止。',
    registered: '账户已创建。请使用主密码登录。',
  },

  unlock: {
    title: '您的密码库已锁定',
    action: '解锁',
    other: '注销',
  },

  twoFactor: {
    title: '两步登录',
    method: '方式',
    remember: '在此浏览器上不再询问',
    code: '验证码',
    methods: {
      authenticator: '验证器应用',
      email: '电子邮件',
      yubikey: 'YubiKey',
      webAuthn: '通行密钥或安全密钥',
      recovery: '恢复代码',
    },
    authenticator: '请输入验证器应用中的 6 位验证码。',
    email: (address: string) => `请输入发送到 ${address} 的验证码。`,
    emailSending: '正在发送验证码…',
    emailAgain: '重新发送验证码',
    emailSent: '新的验证码已发送。',
    yubikey: '请插入 YubiKey，然后触摸它的按钮。',
    yubikeyCode: 'YubiKey 代码',
    webAuthn: '请使用安全密钥，或已设置用于两步登录的通行密钥。',
    webAuthnAction: '使用密钥',
    webAuthnWaiting: '正在等待密钥…',
    webAuthnFailed: '未能读取密钥。请重试。',
    webAuthnMissing: '此浏览器无法在此页面上读取安全密钥。请使用其他方式。',
    recovery: '请输入恢复代码。它会移除账户的所有两步登录方式。',
    recoveryCode: '恢复代码',
    unknown: '此账户的两步登录方式在这里都无法使用。可以使用恢复代码将其移除。',
  },

  newDevice: {
    title: '是您本人吗？',
    text: '此浏览器首次用于您的账户。请输入发送到您电子邮箱的验证码。',
  },

  device: {
    title: '使用其他设备登录',
    text: '请求已发送到您的其他设备。请在其中打开 Belfry 或 Bitwarden 应用，确认显示的短语相同后再批准。',
    phrase: '指纹短语',
    waiting: '正在等待响应…',
    ended: '没有设备批准此请求。',
    again: '重新请求',
    password: '使用主密码登录',
    unknown: '无法询问其他设备：此浏览器从未登录过该账户。请先使用主密码登录一次。',
    wrongKey: '其他设备回复的是另一个账户的密钥。未打开任何内容。',
  },

  register: {
    title: '创建账户',
    hasAccount: '已有账户？',
    nameHint: '在邮件和应用中对您的称呼。',
    sent: {
      title: '请查收邮件',
      text: (email: string) =>
        `如果 ${email} 可以在此注册，我们会发送一封邮件。请打开其中的链接继续，链接半小时内有效。`,
    },
    closed: '此服务器不接受新账户',
    closedText: '请向服务器管理员索取邀请。',
    passwordTitle: '设置主密码',
    newPassword: '主密码',
    repeat: '确认主密码',
    warning: '没有人能为您恢复主密码：一旦忘记，密码库中的内容将无法找回。',
    hintLabel: '主密码提示',
    hintHint: '当您请求时会通过邮件发送给您。请勿直接写出密码。',
    action: '创建账户',
    expired: '链接不完整。请重新开始。',
    again: '重新开始',
  },

  password: {
    tooShort: (least: number) => `至少 ${least} 个字符。`,
    mismatch: '两次输入的密码不一致。',
    hintIsPassword: '提示不能与密码相同。',
    strength: '强度',
    levels: { weak: '弱', fair: '一般', good: '良好', strong: '强' },
    weakText: '这个密码很容易被猜到。建议使用几个互不相关的词语。',
  },

  hint: {
    title: '密码提示',
    text: '提示会发送到您账户的电子邮箱。',
    action: '发送提示',
    sent: (email: string) => `如果 ${email} 有账户，提示邮件已发送。`,
    shown: '您的提示',
    none: '此账户没有密码提示。',
    off: '此服务器不提供密码提示。',
    lost: '彻底忘记密码了？',
    toDelete: '删除账户',
  },

  recoverTwoFactor: {
    title: '恢复两步登录',
    text: '无法使用两步登录时，可以使用恢复代码登录。账户的所有两步登录方式都会被移除。',
    action: '登录并移除两步登录',
    done: '两步登录已关闭。请在设置中重新设置。',
    wasOff: '您已登录。两步登录原本就未启用。',
  },

  verifyEmail: {
    title: '电子邮箱地址',
    waiting: '正在验证您的电子邮箱…',
    done: '您的电子邮箱已验证。',
    failed: '链接已失效或不完整。',
    toLogin: '继续',
  },

  recoverDelete: {
    title: '删除账户',
    text: '没有主密码，任何人都无法打开密码库。您可以删除账户及其全部内容。删除链接会发送到账户的电子邮箱。',
    action: '发送链接',
    sent: (email: string) => `如果 ${email} 有账户，邮件已发送。`,
    off: '此服务器不发送邮件。请联系服务器管理员删除账户。',
  },

  confirmDelete: {
    title: '删除账户？',
    text: (email: string) => `账户 ${email} 及其密码库中的全部内容将被删除，且无法恢复。`,
    textNoEmail: '账户及其密码库中的全部内容将被删除，且无法恢复。',
    action: '删除账户',
    keep: '保留账户',
    done: '账户已删除。',
    failed: '链接已失效或不完整。',
    again: '重新获取链接',
    toLogin: '继续',
  },

  insecure: {
    title: '此页面不安全',
    text: '浏览器只允许在 HTTPS 页面或本机页面上加密。请使用 https:// 地址打开密码库；如果不知道地址，请询问服务器管理员。',
  },

  error: {
    credentials: '电子邮箱地址或主密码错误。',
    code: '验证码错误或已失效。',
    disabled: '此账户已被停用。',
    unverified: '请先验证您的电子邮箱：打开发送给您的邮件中的链接。',
    notAllowed: '此地址无法在此注册，或已有账户。',
    unsafe: '服务器要求使用不安全的密钥派生方式。密码未发送。',
    emailInvalid: '这不是有效的电子邮箱地址。',
  },
}
