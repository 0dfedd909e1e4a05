/* Contracts that hold in every build.
 *
 *     LP_CHECK(index >= 0 && index < n);     // else one line with file, line and condition on stderr, and abort()
 *
 * For our own mistakes and our callers', never for what a file or a user says: that is an lp_status. It costs a comparison, so it
 * stands where a contract begins: arguments, indices, the order of calls. What is dear, or stands in an inner loop, is an assert,
 * which release builds leave out.
 */
#ifndef LP_BASE_CONTRACT_H
#define LP_BASE_CONTRACT_H

#define LP_CHECK(condition) ((condition) ? (void)0 : lp_contract_broken(__FILE__, __LINE__, #condition))

void lp_contract_broken(const char *file, int line, const char *condition) __attribute__((noreturn, cold));

#endif
