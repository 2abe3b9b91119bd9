/** More bytes came than may be stored. */
export class FileTooLargeError extends Error {
  readonly code = 'FILE_TOO_LARGE'
  override name = 'FileTooLargeError'

  constructor(maxBytes: number) {
    super(`The file has more than ${maxBytes} bytes`)
  }
}
