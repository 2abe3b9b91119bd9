import { spawn } from 'node:child_process'
import type { Carrier } from './message.ts'

/** Of what the program complains about, so much is told. */
const MAX_COMPLAINT = 500

/** Hands messages to the sendmail program of this machine, or one that takes its options. */
export function sendmailCarrier(command: string): Carrier {
  return ({ from, to, bytes }, signal) =>
    new Promise((resolve, reject) => {
      // `-i`: a line with a single dot does not end the message.
      const program = spawn(command, ['-i', '-f', from, '--', to], {
        stdio: ['pipe', 'ignore', 'pipe'],
        signal,
        killSignal: 'SIGKILL',
      })
      let complaint = ''
      program.stderr.setEncoding('utf8').on('data', (text: string) => {
        if (complaint.length < MAX_COMPLAINT) complaint += text
      })
      program.on('error', reject)
      program.on('close', (code, killedBy) => {
        if (code === 0) resolve()
        else reject(new Error(`${command} ended with ${killedBy ?? code}: ${complaint.slice(0, MAX_COMPLAINT).trim()}`))
      })
      // One that does not read to the end says so by its exit code.
      program.stdin.on('error', () => {})
      program.stdin.end(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
    })
}
