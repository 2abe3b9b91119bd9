import type { admin as english } from '../en/admin.ts'

export const admin: typeof english = {
  title: '管理',
  token: '管理令牌',
  tokenHint: '本服务器的 ADMIN_TOKEN，或生成其哈希值的原文。',
  logIn: '登录',
  logOut: '注销',
  unreachable: '服务器没有响应。',

  status: {
    title: '本服务器',
    refresh: '刷新',
  },

  doctor: {
    title: '更改能送达吗？',
    text: '像应用程序一样逐步连接本服务器，并指出途中的障碍：域名、证书、代理、WebSocket 和通知中心。检查结果以英文显示。',
    address: '地址',
    addressHint: 'DOMAIN，或本页面的地址。',
    idle: '静默连接',
    idleOptions: { 0: '不检查', 20: '20 秒', 75: '75 秒' },
    run: '检查',
    stop: '停止',
    fromHere: '从此浏览器',
    fromServer: '从服务器出发，经其公开地址',
    running: '正在检查…',
    healthy: '一切畅通。',
    faults: (count) => `发现 ${count} 个故障。`,
    mend: (proxy) => `用于 ${proxy}：`,
    copyLines: '复制这些行',
    statuses: { ok: '正常', warning: '警告', fault: '故障', skipped: '已跳过' },
  },

  reload: {
    title: '配置',
    text: '重新读取配置文件；设置未变的连接不会断开。',
    look: '会有哪些变化？',
    apply: '重新加载',
    nothing: '没有变化。',
    parts: { applied: '立即生效', atNextStart: '下次启动后生效', closed: '断开的连接', warnings: '警告' },
    done: '已重新加载',
  },

  log: {
    title: '日志',
    level: '记录的最低级别',
    hint: '持续到下次启动，或配置文件中的 log_level 改变为止。',
  },
}
