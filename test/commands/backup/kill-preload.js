// Loaded before Belfry (`node --import`): kills the process, as a power cut would, just before the call of a function that changes
// files whose number KILL_AT says, counted from 1.
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

let left = Number(process.env.KILL_AT)
for (const name of ['rename', 'link', 'mkdir', 'mkdtemp', 'rm', 'rmdir', 'open', 'writeFile', 'chmod', 'chown']) {
  const original = fs[name]
  fs[name] = (...args) => {
    if (--left === 0) process.kill(process.pid, 'SIGKILL')
    return original(...args)
  }
}
syncBuiltinESMExports()
