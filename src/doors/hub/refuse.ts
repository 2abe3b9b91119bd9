import type { Duplex } from 'node:stream'
import { refuseUpgrade } from '#net'

/** Ends a request that gets no WebSocket, with the error body that Bitwarden's clients read. spec: vault §2.3 */
export function refuse(socket: Duplex, status: number, message: string): void {
  const body = JSON.stringify({
    message,
    validationErrors: { '': [message] },
    errorModel: { message, object: 'error' },
    error: '',
    error_description: '',
    exceptionMessage: null,
    exceptionStackTrace: null,
    innerExceptionMessage: null,
    object: 'error',
  })
  refuseUpgrade(socket, status, { headers: { 'Content-Type': 'application/json' }, body })
}
