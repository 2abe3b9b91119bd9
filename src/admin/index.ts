export type { AdminAccess } from './access.ts'
export { type AdminTools, createAdminApp } from './app.ts'
export type { Doctor, DoctorOrder } from './doctor.ts'
