import type { settings as english } from '../en/settings.ts'

export const settings: typeof english = {
  title: '设置',
  pages: {
    account: '账户',
    security: '主密码与密钥',
    'two-step': '两步登录',
    devices: '设备',
    preferences: '偏好设置',
    domains: '等价域名',
  },

  confirm: {
    title: '请输入主密码以确认',
    wrong: '主密码不正确。',
  },
}
