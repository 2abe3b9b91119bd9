/**
 * What proves that it is the user who asks for something that matters: the hash of their master password, or a code that
 * was mailed to them (`requestCode`).
 */
export type Secret = { readonly masterPasswordHash: string } | { readonly otp: string }
