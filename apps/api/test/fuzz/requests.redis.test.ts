import { testRequests } from './fuzz-requests.ts'

testRequests({ perRoute: 8, perOpenRoute: 3, someAreRefused: false })
