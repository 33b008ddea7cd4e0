declare <4 x double> @llvm.fma.v4f64(<4 x double>, <4 x double>, <4 x double>)
declare double @log(double)
define internal <4 x double> @log.each.v4(<4 x double> %x, <4 x double> %z, <4 x i1> %mask) noinline cold {
entry:
  %v1 = zext <4 x i1> %mask to <4 x i8>
  br label %loop2
loop2:
  %i4 = phi i64 [ 0, %entry ], [ %i5, %end10 ]
  %c6 = phi <4 x double> [ %z, %entry ], [ %v14, %end10 ]
  %v7 = extractelement <4 x i8> %v1, i64 %i4
  %v8 = icmp ne i8 %v7, 0
  br i1 %v8, label %rare9, label %end10
rare9:
  %v11 = extractelement <4 x double> %x, i64 %i4
  %v12 = call double @log(double %v11)
  %v13 = insertelement <4 x double> %c6, double %v12, i64 %i4
  br label %end10
end10:
  %v14 = phi <4 x double> [ %c6, %loop2 ], [ %v13, %rare9 ]
  %i5 = add nuw nsw i64 %i4, 1
  %v15 = icmp slt i64 %i5, 4
  br i1 %v15, label %loop2, label %end3
end3:
  ret <4 x double> %v14
}
define internal <4 x double> @log.v4(<4 x double> %x) {
entry:
  %v1 = bitcast <4 x double> %x to <4 x i64>
  %v2 = add <4 x i64> %v1, <i64 2638147582215219, i64 2638147582215219, i64 2638147582215219, i64 2638147582215219>
  %v3 = lshr <4 x i64> %v2, <i64 52, i64 52, i64 52, i64 52>
  %v4 = or <4 x i64> %v3, <i64 4841369599423283200, i64 4841369599423283200, i64 4841369599423283200, i64 4841369599423283200>
  %v5 = bitcast <4 x i64> %v4 to <4 x double>
  %v6 = fsub <4 x double> %v5, <double 0x43300000000003FF, double 0x43300000000003FF, double 0x43300000000003FF, double 0x43300000000003FF>
  %v7 = and <4 x i64> %v2, <i64 9218868437227405312, i64 9218868437227405312, i64 9218868437227405312, i64 9218868437227405312>
  %v8 = sub <4 x i64> %v1, %v7
  %v9 = add <4 x i64> %v8, <i64 4607182418800017408, i64 4607182418800017408, i64 4607182418800017408, i64 4607182418800017408>
  %v10 = bitcast <4 x i64> %v9 to <4 x double>
  %v11 = fcmp oge <4 x double> %x, <double 0x0010000000000000, double 0x0010000000000000, double 0x0010000000000000, double 0x0010000000000000>
  %v12 = fcmp olt <4 x double> %x, <double 0x7FF0000000000000, double 0x7FF0000000000000, double 0x7FF0000000000000, double 0x7FF0000000000000>
  %v13 = and <4 x i1> %v11, %v12
  %v14 = xor <4 x i1> %v13, <i1 -1, i1 -1, i1 -1, i1 -1>
  %v15 = fsub <4 x double> %v10, <double 0x3FF0000000000000, double 0x3FF0000000000000, double 0x3FF0000000000000, double 0x3FF0000000000000>
  %v16 = fadd <4 x double> %v15, <double 0x4000000000000000, double 0x4000000000000000, double 0x4000000000000000, double 0x4000000000000000>
  %v17 = fdiv <4 x double> %v15, %v16
  %v18 = fmul <4 x double> %v17, %v17
  %v19 = fneg <4 x double> %v18
  %v20 = call <4 x double> @llvm.fma.v4f64(<4 x double> <double 0x3FD999999999C1BD, double 0x3FD999999999C1BD, double 0x3FD999999999C1BD, double 0x3FD999999999C1BD>, <4 x double> %v18, <4 x double> <double 0x3FE555555555554F, double 0x3FE555555555554F, double 0x3FE555555555554F, double 0x3FE555555555554F>)
  %v21 = call <4 x double> @llvm.fma.v4f64(<4 x double> <double 0x3FCC71C749651C94, double 0x3FCC71C749651C94, double 0x3FCC71C749651C94, double 0x3FCC71C749651C94>, <4 x double> %v18, <4 x double> <double 0x3FD24924921DE2F3, double 0x3FD24924921DE2F3, double 0x3FD24924921DE2F3, double 0x3FD24924921DE2F3>)
  %v22 = call <4 x double> @llvm.fma.v4f64(<4 x double> <double 0x3FC3B35FDA5F4B9C, double 0x3FC3B35FDA5F4B9C, double 0x3FC3B35FDA5F4B9C, double 0x3FC3B35FDA5F4B9C>, <4 x double> %v18, <4 x double> <double 0x3FC745C4921E7DDB, double 0x3FC745C4921E7DDB, double 0x3FC745C4921E7DDB, double 0x3FC745C4921E7DDB>)
  %v23 = call <4 x double> @llvm.fma.v4f64(<4 x double> <double 0x3FC1B9F634766D04, double 0x3FC1B9F634766D04, double 0x3FC1B9F634766D04, double 0x3FC1B9F634766D04>, <4 x double> %v18, <4 x double> <double 0x3FC0DC75C8D52073, double 0x3FC0DC75C8D52073, double 0x3FC0DC75C8D52073, double 0x3FC0DC75C8D52073>)
  %v24 = fmul <4 x double> %v18, %v18
  %v25 = call <4 x double> @llvm.fma.v4f64(<4 x double> %v21, <4 x double> %v24, <4 x double> %v20)
  %v26 = call <4 x double> @llvm.fma.v4f64(<4 x double> %v23, <4 x double> %v24, <4 x double> %v22)
  %v27 = fmul <4 x double> %v24, %v24
  %v28 = call <4 x double> @llvm.fma.v4f64(<4 x double> %v26, <4 x double> %v27, <4 x double> %v25)
  %v29 = fmul <4 x double> %v27, %v27
  %v30 = call <4 x double> @llvm.fma.v4f64(<4 x double> %v19, <4 x double> %v28, <4 x double> %v15)
  %v31 = fmul <4 x double> %v17, %v30
  %v32 = fmul <4 x double> %v6, <double 0x3FE62E42FEFA3800, double 0x3FE62E42FEFA3800, double 0x3FE62E42FEFA3800, double 0x3FE62E42FEFA3800>
  %v33 = fadd <4 x double> %v32, %v15
  %v34 = fsub <4 x double> %v33, %v32
  %v35 = fsub <4 x double> %v15, %v34
  %v36 = call <4 x double> @llvm.fma.v4f64(<4 x double> %v6, <4 x double> <double 0xBD2EF35793C76730, double 0xBD2EF35793C76730, double 0xBD2EF35793C76730, double 0xBD2EF35793C76730>, <4 x double> %v31)
  %v37 = fsub <4 x double> %v35, %v36
  %v38 = fadd <4 x double> %v33, %v37
  %v39 = bitcast <4 x i1> %v14 to i4
  %v40 = icmp ne i4 %v39, 0
  br i1 %v40, label %rare41, label %end42
rare41:
  %v43 = call <4 x double> @log.each.v4(<4 x double> %x, <4 x double> %v38, <4 x i1> %v14)
  br label %end42
end42:
  %v44 = phi <4 x double> [ %v38, %entry ], [ %v43, %rare41 ]
  ret <4 x double> %v44
}
