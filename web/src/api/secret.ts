/** What proves that it is the user who asks for something that matters: the hash of their master password. */
export interface Secret {
  readonly masterPasswordHash: string
}
