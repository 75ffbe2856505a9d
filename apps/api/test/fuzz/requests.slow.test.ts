import { testRequests } from './fuzz-requests.ts'

testRequests({ perRoute: 80, perOpenRoute: 16, someAreRefused: true })
