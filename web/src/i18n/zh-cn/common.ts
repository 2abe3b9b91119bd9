import type { common as english } from '../en/common.ts'

export const common: typeof english = {
  back: '返回',
  cancel: '取消',
  close: '关闭',
  continue: '继续',
  copy: '复制',
  delete: '删除',
  dismiss: '知道了',
  done: '完成',
  edit: '编辑',
  hide: '隐藏',
  remove: '移除',
  rename: '重命名',
  retry: '重试',
  save: '保存',
  show: '显示',
  undo: '撤销',

  copied: '已复制',
  copyFailed: '浏览器不允许复制',
  loading: '正在加载…',
  optional: '可选',
  saved: '已保存',
  yes: '是',
  no: '否',

  email: '电子邮箱地址',
  masterPassword: '主密码',
  name: '名称',
  required: '此项必填。',

  navigation: {
    label: '主导航',
    skip: '跳到正文',
    vault: '密码库',
    sends: 'Send',
    generator: '生成器',
    tools: '工具',
    settings: '设置',
  },

  account: {
    label: '账户',
    lock: '立即锁定',
    logOut: '注销',
    askLogOut: {
      title: '要注销吗？',
      text: '此浏览器将不再记住该账户。再次登录需要网络连接、电子邮箱地址和主密码。',
    },
  },

  connection: {
    connected: '实时同步',
    connecting: '正在连接…',
    offline: '离线',
    connectedHint: '其他设备上的更改会立即显示。',
    connectingHint: '正在连接服务器，以接收其他设备上的更改。',
    offlineHint: '离线：恢复连接后，其他设备上的更改才会显示。',
  },

  language: {
    label: '语言',
    names: { en: 'English', 'zh-CN': '中文（简体）' },
    failed: '无法加载该语言。',
  },

  theme: { label: '主题', system: '跟随系统', light: '浅色', dark: '深色' },

  page: {
    notFound: '页面不存在',
    notFoundText: '链接可能不完整，或其指向的内容已不存在。',
    toVault: '前往密码库',
    failed: '无法加载此页面',
    failedText: '请检查网络连接后重试。如果服务器刚刚更新过，请重新加载页面。',
    reload: '重新加载',
  },

  error: {
    unreachable: '无法连接服务器。请检查网络连接后重试。',
    unauthorized: '会话已结束。请重新登录。',
    tooManyRequests: (seconds) => `尝试次数过多。请在 ${seconds} 秒后重试。`,
    wrongPassword: '主密码不正确。',
    conflict: '另一台设备在此期间更改了此内容。没有覆盖任何数据。',
    gone: '此内容已不在密码库中。',
    locked: '密码库已锁定。',
    damaged: '此内容有部分无法解密。为避免数据丢失，已保持原样。',
    unexpected: '出了点问题。请重试。',
  },
}
