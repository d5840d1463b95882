/**
 * Address spaces, and what happens to their pages. One lock a space orders everything that changes its table; reads and
 * writes of resident pages never take it. Front door: {@link io.quire.memory.space.Space}. Where to look:
 * <ul>
 * <li><em>a space and its table:</em> Space, OwnedTree, PageFaults, TranslationVersion, Retired, Reclaimer, Lineage;
 * <li><em>devices:</em> DriverLink (the device), Mirror (one space as it sees it), DeviceFaults, Exclusives, Notifier;
 * <li><em>pages that move:</em> Migration with Batch, Mappers and EmptyPages, RangeMigration with OutcomeRuns, Evictor
 * with EvictionTally, Promoter;
 * <li><em>pins:</em> Pinning, PinWatch;
 * <li><em>all spaces of a manager:</em> Machine, OpenSpaces, Policies;
 * <li><em>what is asked from outside:</em> Usage, PageStates, Shortage, Recount.
 * </ul>
 */
@NullMarked
package io.quire.memory.space;

import org.jspecify.annotations.NullMarked;
