import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { consoleLogger } from '../../../web/src/live/console-logger.ts'

/** SignalR's numbers. */
const LogLevel = { Debug: 1, Information: 2, Warning: 3, Error: 4 }

const lines: [number, string, string | undefined][] = [
  [
    LogLevel.Information,
    'WebSocket connected to wss://vault.example/below/notifications/hub?access_token=eyJh.eyJz-._~%2B.c2ln.',
    'Information: WebSocket connected to wss://vault.example/below/notifications/hub.',
  ],
  [LogLevel.Warning, 'at wss://h/hub?access_token=a.b.c&id=1 now', 'Warning: at wss://h/hub&id=1 now'],
  [LogLevel.Error, 'Connection disconnected with error.', 'Error: Connection disconnected with error.'],
  [LogLevel.Debug, 'Starting HubConnection.', undefined],
]
for (const [level, message, expected] of lines) {
  test(`the console is told ${expected === undefined ? 'nothing of' : 'of'}: ${message.slice(0, 30)}`, () => {
    const told: unknown[] = []
    for (const method of ['info', 'warn', 'error', 'log', 'debug'] as const) {
      mock.method(console, method, (text: unknown) => void told.push(text))
    }
    try {
      consoleLogger.log(level, message)
    } finally {
      mock.restoreAll()
    }
    assert.deepEqual(
      told.map((text) => String(text).replace(/^\[[^\]]+\] /, '')),
      expected === undefined ? [] : [expected],
    )
  })
}
