/**
 * The words that every row of the house shares with the user: protections, and one exception for each way an
 * operation can be refused. An operation that throws one of them has changed nothing.
 */
@NullMarked
package io.quire.memory.contract;

import org.jspecify.annotations.NullMarked;
