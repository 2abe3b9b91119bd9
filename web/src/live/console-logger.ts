import { type ILogger, LogLevel } from '@microsoft/signalr'

/**
 * Writes as SignalR's own, from information on, but not the access token, which the line has in its address that says that
 * the WebSocket is connected: it is nobody's who looks at a console.
 */
export const consoleLogger: ILogger = {
  log(level, message) {
    if (level < LogLevel.Information) return
    const line = `[${new Date().toISOString()}] ${LogLevel[level]}: ${withoutToken(message)}`
    // That a connection is lost or not to be had is no error of this page, which shows it.
    if (level === LogLevel.Information) console.info(line)
    else console.warn(line)
  },
}

/** The last member of the address, and the full stop behind it. */
function withoutToken(message: string): string {
  return message.replaceAll(/[?&]access_token=[^&\s]*?(?=\.?(?:\s|$)|&)/g, '')
}
