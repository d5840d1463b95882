/**
 * Small programs to read and to copy from. Each file is one program. Read them in this order:
 * {@link io.quire.examples.FirstFork}, {@link io.quire.examples.ForkFromAnotherThread},
 * {@link io.quire.examples.BackupWhileWriting}, {@link io.quire.examples.WhatIf},
 * {@link io.quire.examples.ZeroCopySend}, {@link io.quire.examples.SecondIndex}, {@link io.quire.examples.DeviceTier},
 * {@link io.quire.examples.SkeletonDriver}.
 */
@NullMarked
package io.quire.examples;

import org.jspecify.annotations.NullMarked;
