package io.quire.memory.platform;

/**
 * Room on the stack, 16 KiB, for what must not end half way: whoever is about to change something asks for it before the first
 * change, so that a full stack is met there. One question costs a few nanoseconds, and is good for everything that is
 * called below: for about 100 interpreted calls, one in the other.
 * <p>
 * How it works: a method whose interpreted frame is large fails on entry if that frame does not fit. HotSpot holds to
 * this when it compiles the method, too: the frame becomes small, but as the code may go back to the interpreter at any
 * time, its entry still touches the stack as far down as the interpreted frame would reach, with one store a page.
 * {@code StackRoomTest} holds it to that. On a virtual machine where it is not so, a full stack can still meet an
 * operation in the middle; what it leaves locked is then taken from it, as {@code Mutex} says.
 */
public final class StackRoom {

    /** Each level has half of the room; and the second is a call even where the first is inlined. */
    private static final int LEVELS = 3;

    private StackRoom() {
    }

    /**
     * Returns if there is room.
     *
     * @throws StackOverflowError if not; then the caller has changed nothing yet
     */
    public static void require() {
        boolean isThere = reach(LEVELS);
        assert isThere;
    }

    /** The variables are never used, so they cost nothing but the size of the frame: 520 of 16 bytes. */
    @SuppressWarnings("UnusedVariable")
    private static boolean reach(int levels) {
        long aa, ba, ca, da, ea, fa, ga, ha, ia, ja, ka, la, ma, na, oa, pa, qa, ra, sa, ta, ua, va, wa, xa, ya, za;
        long ab, bb, cb, db, eb, fb, gb, hb, ib, jb, kb, lb, mb, nb, ob, pb, qb, rb, sb, tb, ub, vb, wb, xb, yb, zb;
        long ac, bc, cc, dc, ec, fc, gc, hc, ic, jc, kc, lc, mc, nc, oc, pc, qc, rc, sc, tc, uc, vc, wc, xc, yc, zc;
        long ad, bd, cd, dd, ed, fd, gd, hd, id, jd, kd, ld, md, nd, od, pd, qd, rd, sd, td, ud, vd, wd, xd, yd, zd;
        long ae, be, ce, de, ee, fe, ge, he, ie, je, ke, le, me, ne, oe, pe, qe, re, se, te, ue, ve, we, xe, ye, ze;
        long ag, bg, cg, dg, eg, fg, gg, hg, ig, jg, kg, lg, mg, ng, og, pg, qg, rg, sg, tg, ug, vg, wg, xg, yg, zg;
        long ah, bh, ch, dh, eh, fh, gh, hh, ih, jh, kh, lh, mh, nh, oh, ph, qh, rh, sh, th, uh, vh, wh, xh, yh, zh;
        long ai, bi, ci, di, ei, fi, gi, hi, ii, ji, ki, li, mi, ni, oi, pi, qi, ri, si, ti, ui, vi, wi, xi, yi, zi;
        long aj, bj, cj, dj, ej, fj, gj, hj, ij, jj, kj, lj, mj, nj, oj, pj, qj, rj, sj, tj, uj, vj, wj, xj, yj, zj;
        long ak, bk, ck, dk, ek, fk, gk, hk, ik, jk, kk, lk, mk, nk, ok, pk, qk, rk, sk, tk, uk, vk, wk, xk, yk, zk;
        long al, bl, cl, dl, el, fl, gl, hl, il, jl, kl, ll, ml, nl, ol, pl, ql, rl, sl, tl, ul, vl, wl, xl, yl, zl;
        long am, bm, cm, dm, em, fm, gm, hm, im, jm, km, lm, mm, nm, om, pm, qm, rm, sm, tm, um, vm, wm, xm, ym, zm;
        long an, bn, cn, dn, en, fn, gn, hn, in, jn, kn, ln, mn, nn, on, pn, qn, rn, sn, tn, un, vn, wn, xn, yn, zn;
        long ap, bp, cp, dp, ep, fp, gp, hp, ip, jp, kp, lp, mp, np, op, pp, qp, rp, sp, tp, up, vp, wp, xp, yp, zp;
        long aq, bq, cq, dq, eq, fq, gq, hq, iq, jq, kq, lq, mq, nq, oq, pq, qq, rq, sq, tq, uq, vq, wq, xq, yq, zq;
        long ar, br, cr, dr, er, fr, gr, hr, ir, jr, kr, lr, mr, nr, or, pr, qr, rr, sr, tr, ur, vr, wr, xr, yr, zr;
        long as, bs, cs, ds, es, fs, gs, hs, is, js, ks, ls, ms, ns, os, ps, qs, rs, ss, ts, us, vs, ws, xs, ys, zs;
        long at, bt, ct, dt, et, ft, gt, ht, it, jt, kt, lt, mt, nt, ot, pt, qt, rt, st, tt, ut, vt, wt, xt, yt, zt;
        long au, bu, cu, du, eu, fu, gu, hu, iu, ju, ku, lu, mu, nu, ou, pu, qu, ru, su, tu, uu, vu, wu, xu, yu, zu;
        long av, bv, cv, dv, ev, fv, gv, hv, iv, jv, kv, lv, mv, nv, ov, pv, qv, rv, sv, tv, uv, vv, wv, xv, yv, zv;
        return levels == 1 || reach(levels - 1);
    }
}
