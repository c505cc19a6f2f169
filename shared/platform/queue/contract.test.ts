import { startTestCloud } from '../push/embedded-test-cloud.ts'
import { describeQueue } from './contract.ts'

describeQueue('embedded', startTestCloud)
